using System.ComponentModel.DataAnnotations;
using Fovea.Api.Configuration;
using Fovea.Api.DatasetRepository;
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

    /// <summary>
    /// The id of the data set, such as <c>ds_0123456789abcdef</c>, that keeps images classified over the routes without <c>nostore</c>, as
    /// unlabelled images. Without it no image is kept.
    /// </summary>
    public string? KeepImagesIn { get; init; }

    /// <summary>The largest number of unlabelled images that the data set keeps. Further images are classified, but not kept.</summary>
    [Range(1, 10_000_000)]
    public int MaxKeptImages { get; init; } = 10_000;

    /// <summary>Reads the settings.</summary>
    /// <exception cref="RefusalException">An entry is not a host, or an id or a number is wrong.</exception>
    public static CustomVisionSettings Read(IConfiguration configuration)
    {
        var settings = Settings.Bind<CustomVisionSettings>(configuration, Prefix);
        if (settings.KeepImagesIn is { Length: > 0 } id && !DatasetStore.IsId(id))
        {
            throw new FoveaException(
                ErrorCode.BadArgument,
                $"Fovea:CustomVision:KeepImagesIn is {id}; expected the id of a data set, such as ds_0123456789abcdef.");
        }

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
