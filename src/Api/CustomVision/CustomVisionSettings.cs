using Fovea.Api.Configuration;
using Fovea.Models.Errors;

namespace Fovea.Api.CustomVision;

/// <summary>The settings of Custom Vision's prediction API, under <c>Fovea:CustomVision</c>.</summary>
internal sealed record CustomVisionSettings
{
    /// <summary>The prefix of the keys of these settings under <c>Fovea</c>.</summary>
    public const string Prefix = "CustomVision:";

    /// <summary>
    /// The hosts from which images are fetched by address, such as <c>images.example.org</c> or <c>files.example.org:8443</c>. An entry
    /// without a port allows only the usual port, 80 for http and 443 for https. Redirects are not followed.
    /// </summary>
    public IReadOnlyList<string> UrlHosts { get; init; } = [];

    /// <summary>Reads the settings.</summary>
    /// <exception cref="RefusalException">An entry is not a host.</exception>
    public static CustomVisionSettings Read(IConfiguration configuration)
    {
        var settings = Settings.Bind<CustomVisionSettings>(configuration, Prefix);
        return settings.UrlHosts.FirstOrDefault(host => !IsHost(host)) is { } wrong
            ? throw new FoveaException(
                ErrorCode.BadArgument,
                $"Fovea:CustomVision:UrlHosts holds {wrong}; expected hosts such as images.example.org or files.example.org:8443.")
            : settings;
    }

    private static bool IsHost(string host) =>
        Uri.TryCreate($"https://{host}", UriKind.Absolute, out var url) && url.PathAndQuery == "/" && !host.EndsWith('/')
        && url.UserInfo.Length == 0 && url.Fragment.Length == 0;
}
