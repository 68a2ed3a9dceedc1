using System.Globalization;
using System.Text.RegularExpressions;
using Fovea.Api.Problems;

namespace Fovea.Api.ModelRepository;

/// <summary>Checks the names of models and versions, because they become names of folders.</summary>
internal static partial class ModelNames
{
    /// <summary>The names that a model may have, as text for messages.</summary>
    public const string Expected = "1 to 100 characters, each a letter, a digit, '.', '_' or '-'; the first must be a letter or a digit, "
        + "and '..' is not allowed";

    /// <summary>Returns the name if a model may have it (<see cref="Expected"/>).</summary>
    /// <exception cref="ServiceException"><see cref="ServiceError.MalformedRequest"/>: a model may not have this name.</exception>
    public static string CheckModel(string name) => IsModel(name)
        ? name
        : throw new ServiceException(ServiceError.MalformedRequest, $"{name} cannot be a model's name; expected {Expected}.");

    /// <summary>Whether a model may have this name (<see cref="Expected"/>).</summary>
    public static bool IsModel(string name) => Allowed().IsMatch(name) && !name.Contains("..", StringComparison.Ordinal);

    /// <summary>Parses a version number, from 1.</summary>
    /// <exception cref="ServiceException"><see cref="ServiceError.MalformedRequest"/>: the text is not a version number.</exception>
    public static int CheckVersion(string number) => IsVersion(number)
        ? int.Parse(number, CultureInfo.InvariantCulture)
        : throw new ServiceException(
            ServiceError.MalformedRequest, $"{number} cannot be a version; expected a whole number from 1 to {int.MaxValue}.");

    /// <summary>Whether a folder's name is a version number without leading zeros.</summary>
    public static bool IsVersion(string number) =>
        !number.StartsWith('0') && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out _);

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._-]{0,99}\z")]
    private static partial Regex Allowed();
}
