/** Where a process without a Spring context writes its log, and what of it goes to Sentry. */
package dev.stoker.logging;
