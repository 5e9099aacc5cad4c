/** Tests that drive whole installations from outside: real processes, real ports, real SDKs. */
package dev.stoker.endtoend;
