using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using Fovea.Models.Errors;

namespace Fovea.Api.Configuration;

/// <summary>
/// A setting: a property of a settings record. Attributes of the property give its range and its allowed values. Checks, error messages,
/// the table of settings and the JSON schema read these attributes.
/// </summary>
/// <param name="Key">The key under <c>Fovea</c>, such as <c>MaxQueue</c> or <c>Retention:Jobs</c>.</param>
/// <param name="Property">The property.</param>
internal sealed record Setting(string Key, PropertyInfo Property)
{
    private static readonly string[] Units = ["KiB", "MiB", "GiB", "TiB", "PiB"];

    /// <summary>The least and the largest value; null if the setting has no range.</summary>
    public RangeAttribute? Range { get; } = Property.GetCustomAttribute<RangeAttribute>();

    /// <summary>The allowed values; null if every value of the type is allowed.</summary>
    public IReadOnlyList<string>? Values { get; } = Property.GetCustomAttribute<AllowedValuesAttribute>() is { } allowed
        ? [.. allowed.Values.Select(value => $"{value}")]
        : Property.PropertyType.IsEnum ? [.. Enum.GetNames(Property.PropertyType).Select(name => name.ToLowerInvariant())] : null;

    /// <summary>Returns the settings of a record, in the order of its properties.</summary>
    /// <param name="record">A record whose settable properties are settings.</param>
    /// <param name="prefix">The prefix of each key, such as <c>Retention:</c>.</param>
    public static IEnumerable<Setting> Of(Type record, string prefix = "") =>
        record.GetProperties().Where(property => property.SetMethod is { IsPublic: true })
            .Select(property => new Setting(prefix + property.Name, property));

    /// <summary>Throws if a text of the configuration does not have the setting's type.</summary>
    /// <param name="text">The text in the configuration; null: the configuration does not set it.</param>
    /// <exception cref="FoveaException"><see cref="ErrorCode.BadArgument"/>: the text has another type.</exception>
    public void RequireKind(string? text)
    {
        if (text is null || (text.Length == 0 && !Property.PropertyType.IsValueType))
        {
            return;
        }

        var type = Property.PropertyType;
        bool isValid = type == typeof(bool) ? bool.TryParse(text, out _)
            : type == typeof(int) ? int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _)
            : type == typeof(long) ? long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _)
            : !type.IsEnum || (Enum.TryParse(type, text, ignoreCase: true, out _) && !char.IsAsciiDigit(text[0]));
        if (!isValid)
        {
            throw Bad(text, Bounds ?? (type == typeof(bool) ? "true or false" : "a whole number"));
        }

        if (typeof(System.Collections.IEnumerable).IsAssignableFrom(type) && type != typeof(string))
        {
            // The text may be a secret, so the message does not repeat it.
            throw new FoveaException(
                ErrorCode.BadArgument,
                $"Fovea:{Key} is a single text; expected a list, such as the environment variable Fovea__{Key}__0=VALUE.");
        }
    }

    /// <summary>Throws if the setting's value is out of its range, or not an allowed value.</summary>
    /// <param name="record">The settings record with the value.</param>
    /// <exception cref="FoveaException"><see cref="ErrorCode.BadArgument"/>: the value is not allowed.</exception>
    public void Check(object record)
    {
        var value = Property.GetValue(record);
        if (Range is { } range && !IsWithin(range, Convert.ToDouble(value, CultureInfo.InvariantCulture)))
        {
            throw Bad(value, Bounds!);
        }

        if (Values is { } values && !values.Contains($"{value}", StringComparer.OrdinalIgnoreCase))
        {
            throw Bad(value, Bounds!);
        }
    }

    /// <summary>The default value as text, such as <c>20 MiB</c>.</summary>
    public string Default => Property.GetCustomAttribute<DefaultValueAttribute>() is { Value: { } words }
        ? $"{words}"
        : Text(Property.GetValue(Activator.CreateInstance(Property.DeclaringType!)));

    /// <summary>The range or the allowed values as text, such as <c>1 to 1,024</c>; empty if every value is allowed.</summary>
    public string Expected => Range is { } range ? $"{Text(range.Minimum)} to {Text(range.Maximum)}"
        : Values is { } values ? string.Join(", ", values)
        : "";

    // The range or the allowed values as text for a message; null if every value is allowed.
    private string? Bounds => Range is { } range
        ? string.Create(CultureInfo.InvariantCulture, $"{range.Minimum} to {range.Maximum}")
        : Values is { } values ? $"{string.Join(", ", values.SkipLast(1))} or {values[^1]}" : null;

    private static bool IsWithin(RangeAttribute range, double value) =>
        value >= Convert.ToDouble(range.Minimum, CultureInfo.InvariantCulture)
        && value <= Convert.ToDouble(range.Maximum, CultureInfo.InvariantCulture);

    private FoveaException Bad(object? value, string expected) =>
        new(ErrorCode.BadArgument, $"Fovea:{Key} is {value}; expected {expected}.");

    private string Text(object? value) => value switch
    {
        null => "none",
        bool or Enum => $"{value}".ToLowerInvariant(),
        string { Length: 0 } => "empty",
        string text => text,
        System.Collections.IEnumerable => "none",
        _ when Property.Name.EndsWith("Bytes", StringComparison.Ordinal) => Bytes(Convert.ToInt64(value, CultureInfo.InvariantCulture)),
        _ => string.Create(CultureInfo.InvariantCulture, $"{Convert.ToInt64(value, CultureInfo.InvariantCulture):N0}"),
    };

    private static string Bytes(long bytes)
    {
        int unit = -1;
        while (bytes > 0 && bytes % 1024 == 0 && unit + 1 < Units.Length)
        {
            (bytes, unit) = (bytes / 1024, unit + 1);
        }

        return string.Create(CultureInfo.InvariantCulture, $"{bytes:N0}{(unit < 0 ? "" : $" {Units[unit]}")}");
    }
}
