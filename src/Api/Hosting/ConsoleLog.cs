using Fovea.Api.Configuration;

namespace Fovea.Api.Hosting;

/// <summary>Writes the log to the console, as text or as JSON.</summary>
internal static class ConsoleLog
{
    // The format ISO 8601, in UTC, so that the logs of several machines can be merged.
    private const string Timestamp = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    /// <summary>Gives each entry of the log a timestamp, and the format of the setting LogFormat.</summary>
    public static void AddConsoleLog(this WebApplicationBuilder builder, HostSettings host)
    {
        if (host.LogFormat == "json")
        {
            builder.Logging.AddJsonConsole(json => (json.TimestampFormat, json.UseUtcTimestamp) = (Timestamp, true));
        }
        else
        {
            builder.Logging.AddSimpleConsole(text => (text.TimestampFormat, text.UseUtcTimestamp) = ($"{Timestamp} ", true));
        }
    }
}
