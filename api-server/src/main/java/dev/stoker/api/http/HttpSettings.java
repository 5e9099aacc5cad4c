package dev.stoker.api.http;

import dev.stoker.settings.Settings;
import java.net.InetAddress;
import java.net.UnknownHostException;

/**
 * Where the api-server listens.
 *
 * @param port 0 takes any that is free
 * @param open whether other machines can reach it
 */
public record HttpSettings(String host, int port, boolean open) {

  public static HttpSettings from(Settings settings) {
    String host = settings.text("STOKER_API_HOST", "127.0.0.1", "address the API listens on");
    int port = settings.integer("STOKER_API_PORT", 4080, 0, 65_535, "port of the API");
    boolean allowed =
        settings.flag(
            "STOKER_ALLOW_OPEN",
            false,
            "lets the API listen beyond the loopback address, although it asks for no key");
    boolean open = !loopback(host, settings);
    settings.require(
        !open || allowed,
        "STOKER_API_HOST="
            + host
            + " is not a loopback address: whoever reaches it may use the API without a key. Set"
            + " STOKER_ALLOW_OPEN=true if that is meant");
    return new HttpSettings(host, port, open);
  }

  private static boolean loopback(String host, Settings settings) {
    try {
      return InetAddress.getByName(host).isLoopbackAddress();
    } catch (UnknownHostException e) {
      settings.require(false, "STOKER_API_HOST=" + host + " is no address of this machine");
      return true;
    }
  }
}
