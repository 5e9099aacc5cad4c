/** Models: those that workers say they serve. */
package dev.stoker.api.models;
