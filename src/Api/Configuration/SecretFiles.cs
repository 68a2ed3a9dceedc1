using Fovea.Models.Errors;

namespace Fovea.Api.Configuration;

/// <summary>
/// Reads settings from files, because Docker and Kubernetes mount secrets as files. <c>Fovea__Database_FILE=/run/secrets/database</c> sets
/// <c>Fovea:Database</c> to the content of this file.
/// </summary>
internal static class SecretFiles
{
    /// <summary>The ending of a key whose value is the path of a file with the setting's value.</summary>
    public const string Suffix = "_FILE";

    /// <summary>
    /// Reads the files of all keys that end with <see cref="Suffix"/>, and adds their content as settings. Line breaks at the end of a file
    /// are ignored.
    /// </summary>
    /// <param name="configuration">The configuration that is read and extended.</param>
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
