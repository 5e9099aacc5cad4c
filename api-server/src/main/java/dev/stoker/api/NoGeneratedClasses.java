package dev.stoker.api;

import org.hibernate.boot.registry.StandardServiceRegistryBuilder;
import org.hibernate.bytecode.internal.none.BytecodeProviderImpl;
import org.hibernate.bytecode.spi.BytecodeProvider;
import org.hibernate.service.spi.ServiceContributor;

/**
 * Lets Hibernate generate no classes. Rows here have no associations, so that there is nothing to
 * load lazily, and what generates classes is a thousand of them.
 */
public final class NoGeneratedClasses implements ServiceContributor {

  @Override
  public void contribute(StandardServiceRegistryBuilder services) {
    services.addService(BytecodeProvider.class, new BytecodeProviderImpl());
  }
}
