/**
 * Configuration: every key comes from the environment, is read once at start into a record of its
 * feature, and a wrong value is refused with a message that names the key, the value and what is
 * allowed. All wrong values are reported together.
 */
package dev.stoker.settings;
