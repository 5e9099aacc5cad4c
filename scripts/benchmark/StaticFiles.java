import java.nio.file.Path;
import java.util.concurrent.Executors;
import org.apache.catalina.Context;
import org.apache.catalina.Wrapper;
import org.apache.catalina.servlets.DefaultServlet;
import org.apache.catalina.startup.Tomcat;

/** The api-server's web server with nothing but files. Started by scripts/benchmark/download.sh. */
final class StaticFiles {
  private StaticFiles() {}

  /**
   * @param arguments the port, and the directory
   */
  public static void main(String[] arguments) throws Exception {
    Path directory = Path.of(arguments[1]).toAbsolutePath();
    Tomcat tomcat = new Tomcat();
    tomcat.setBaseDir(directory.resolveSibling("tomcat").toString());
    tomcat.setHostname("127.0.0.1");
    tomcat.setPort(Integer.parseInt(arguments[0]));
    tomcat.getConnector().setProperty("address", "127.0.0.1");
    tomcat
        .getConnector()
        .getProtocolHandler()
        .setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    Context context = tomcat.addContext("", directory.toString());
    Wrapper files = Tomcat.addServlet(context, "files", new DefaultServlet());
    files.setLoadOnStartup(1);
    context.addServletMappingDecoded("/", "files");
    tomcat.start();
    tomcat.getServer().await();
  }
}
