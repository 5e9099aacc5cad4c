/**
 * A process as a service of its machine: what it tells the service manager that started it, and how
 * it is told to end. Without a service manager nothing is told, and nothing native is loaded.
 */
package dev.stoker.service;
