package dev.stoker.api.http;

import dev.stoker.api.error.ErrorAdvice;
import java.util.List;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.core.StandardHost;
import org.apache.tomcat.util.buf.EncodedSolidusHandling;
import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.Ordered;
import org.springframework.http.MediaType;
import org.springframework.web.filter.UrlHandlerFilter;
import org.springframework.web.servlet.HandlerExceptionResolver;
import org.springframework.web.servlet.config.annotation.ContentNegotiationConfigurer;
import org.springframework.web.servlet.config.annotation.InterceptorRegistry;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;
import org.springframework.web.servlet.mvc.support.DefaultHandlerExceptionResolver;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.json.JsonMapper;

/** Everything of the web server that no feature owns. */
@Configuration(proxyBeanMethods = false)
public class HttpConfiguration {

  /**
   * What one system call takes of a download at most; each connection has a buffer of that size.
   */
  private static final int WRITE_BYTES = 32 << 10;

  @Bean
  ErrorAdvice errorAdvice() {
    return new ErrorAdvice();
  }

  /**
   * The one spelling of JSON: snake case, nulls written out, members in the order of the record.
   */
  @Bean
  JsonMapper jsonMapper() {
    return JsonMapper.builder()
        .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
        .disable(MapperFeature.SORT_PROPERTIES_ALPHABETICALLY)
        .build();
  }

  @Bean
  FilterRegistrationBean<RequestIds> requestIds() {
    var registration = new FilterRegistrationBean<>(new RequestIds());
    registration.setOrder(Ordered.HIGHEST_PRECEDENCE);
    return registration;
  }

  @Bean
  FilterRegistrationBean<UrlHandlerFilter> trailingSlashes() {
    var registration =
        new FilterRegistrationBean<>(
            UrlHandlerFilter.trailingSlashHandler("/**").wrapRequest().build());
    registration.setOrder(Ordered.HIGHEST_PRECEDENCE + 1);
    return registration;
  }

  @Bean
  WebMvcConfigurer ownOrigin() {
    return new WebMvcConfigurer() {
      @Override
      public void addInterceptors(InterceptorRegistry interceptors) {
        interceptors.addInterceptor(new OwnOrigin());
      }
    };
  }

  @Bean
  WebMvcConfigurer neverNotAcceptable() {
    return new WebMvcConfigurer() {
      @Override
      public void configureContentNegotiation(ContentNegotiationConfigurer negotiation) {
        negotiation.ignoreAcceptHeader(true).defaultContentType(MediaType.APPLICATION_JSON);
      }
    };
  }

  /**
   * {@link ErrorAdvice} answers whatever is thrown; what it cannot answer any more breaks the
   * connection. Spring's last resort comes after it, and would end a response as if it were whole
   * when any socket broke, be it the database's.
   */
  @Bean
  WebMvcConfigurer noLastResort() {
    return new WebMvcConfigurer() {
      @Override
      public void extendHandlerExceptionResolvers(List<HandlerExceptionResolver> resolvers) {
        resolvers.removeIf(DefaultHandlerExceptionResolver.class::isInstance);
      }
    };
  }

  @Bean
  WebServerFactoryCustomizer<TomcatServletWebServerFactory> tomcat() {
    return factory -> {
      factory.addContextCustomizers(
          context ->
              ((StandardHost) context.getParent())
                  .setErrorReportValveClass(ContainerErrors.class.getName()));
      factory.addConnectorCustomizers(HttpConfiguration::connector);
    };
  }

  private static void connector(Connector connector) {
    // An id may hold an escaped slash; it is then unknown, not illegal.
    connector.setEncodedSolidusHandling(EncodedSolidusHandling.PASS_THROUGH.getValue());
    connector.setProperty("socket.appWriteBufSize", Integer.toString(WRITE_BYTES));
  }
}
