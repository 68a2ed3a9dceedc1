using Fovea.Models.Errors;

namespace Fovea.Api.Configuration;

/// <summary>
/// Reads settings from files, as Docker and Kubernetes mount secrets: <c>Fovea__Database_FILE=/run/secrets/database</c> gives the setting
/// <c>Fovea:Database</c> the content of that file.
/// </summary>
internal static class SecretFiles
{
    /// <summary>The end of a key whose value is the path of a file that holds the setting's value.</summary>
    public const string Suffix = "_FILE";

    /// <summary>
    /// Adds the content of all files that keys with <see cref="Suffix"/> name. Line ends at the end of a file are ignored.
    /// </summary>
    /// <param name="configuration">The configuration; the added settings override the earlier ones.</param>
    /// <exception cref="FoveaException"><see cref="ErrorCode.BadArgument"/>: a file cannot be read, or a setting has a value and a file.
    /// </exception>
    public static void AddSecretFiles(this IConfigurationManager configuration)
    {
        var files = configuration.GetSection("Fovea").AsEnumerable()
            .Where(pair => pair.Value is not null && pair.Key.EndsWith(Suffix, StringComparison.OrdinalIgnoreCase))
            .ToDictionary(pair => pair.Key[..^Suffix.Length], pair => (string?)pair.Value);
        if (files.Keys.FirstOrDefault(key => configuration[key] is not null) is { } twice)
        {
            throw new FoveaException(ErrorCode.BadArgument, $"{twice} and {twice}{Suffix} are both set; expected one of them.");
        }

        configuration.AddInMemoryCollection(
            files.Select(file => KeyValuePair.Create(file.Key, (string?)Read($"{file.Key}{Suffix}", file.Value!))));
    }

    private static string Read(string key, string path)
    {
        try
        {
            return File.ReadAllText(path).TrimEnd('\r', '\n');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new FoveaException(
                ErrorCode.BadArgument,
                $"{key} is {path}, which cannot be read ({e.Message.TrimEnd('.')}); expected a file with the setting's value.",
                e);
        }
    }
}
