/** A house in which every rule is broken, so that {@code HouseRulesTest} sees each rule fail. */
package dev.stoker.testing.broken;
