/** What tests of every module share: a real PostgreSQL, migrated as in production. */
package dev.stoker.testing;
