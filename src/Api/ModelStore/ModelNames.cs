using System.Globalization;
using System.Text.RegularExpressions;
using Fovea.Models;

namespace Fovea.Api;

/// <summary>What models and versions may be called, since their names become folders.</summary>
internal static partial class ModelNames
{
    /// <summary>The name, if a model may be called so.</summary>
    /// <exception cref="FoveaException"><see cref="ErrorCode.MalformedRequest"/>: it may not.</exception>
    public static string CheckModel(string name) => Allowed().IsMatch(name) && !name.Contains("..", StringComparison.Ordinal)
        ? name
        : throw new FoveaException(ErrorCode.MalformedRequest, $"{name} cannot be a model's name; expected 1 to 100 letters, digits, '.', '_' and '-', the first a letter or digit, and no '..'.");

    /// <summary>The number of a version.</summary>
    /// <exception cref="FoveaException"><see cref="ErrorCode.MalformedRequest"/>: it is none.</exception>
    public static int CheckVersion(string number) => IsVersion(number)
        ? int.Parse(number, CultureInfo.InvariantCulture)
        : throw new FoveaException(ErrorCode.MalformedRequest, $"{number} cannot be a version; expected a whole number from 1 to {int.MaxValue}.");

    /// <summary>Whether a folder's name is a version's number, written as numbers are.</summary>
    public static bool IsVersion(string number) => !number.StartsWith('0') && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out _);

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._-]{0,99}\z")]
    private static partial Regex Allowed();
}
