using System.Globalization;
using System.Net;
using System.Reflection;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Fovea.Api.Configuration;
using Fovea.Api.CustomVision;
using Fovea.Api.DatasetRepository;
using Fovea.Api.Jobs;
using Fovea.Api.Keys;
using Fovea.Api.ModelRepository;
using Fovea.Api.Serving;
using Fovea.Api.Storage;
using Fovea.Models.Errors;
using Fovea.Models.Runtime;

namespace Fovea.Api.Hosting;

/// <summary>
/// All settings under <c>Fovea</c>. From them follow the check for unknown keys, the table in the documentation and the JSON schema.
/// </summary>
internal static partial class SettingsTable
{
    private const string Section = "Fovea";

    private static readonly JsonSerializerOptions Indented =
        new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>All settings, in the order of the documentation.</summary>
    public static IReadOnlyList<Setting> All { get; } =
    [
        .. Setting.Of(typeof(Settings)), .. Setting.Of(typeof(KeySettings)), .. Setting.Of(typeof(ServingSettings)),
        .. Setting.Of(typeof(DeviceOptions)), .. Setting.Of(typeof(ModelStoreSettings)), .. Setting.Of(typeof(FineTuningSettings)),
        .. Setting.Of(typeof(DatasetSettings)), .. Setting.Of(typeof(RetentionSettings), RetentionSettings.Prefix),
        .. Setting.Of(typeof(CustomVisionSettings), CustomVisionSettings.Prefix),
        .. Setting.Of(typeof(HostSettings)),
    ];

    /// <summary>Throws if a key under <c>Fovea</c> is not a setting, because a misspelt setting would have no effect.</summary>
    /// <exception cref="FoveaException">
    /// <see cref="ErrorCode.BadArgument"/>: a key is not a setting; the message suggests a setting with a similar name.
    /// </exception>
    public static void RefuseUnknown(IConfiguration configuration)
    {
        var groups = All.Select(setting => setting.Key.Split(':')[0]).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var keys = configuration.GetSection(Section).GetChildren().SelectMany(child =>
            All.Any(setting => IsIn(child.Key, setting)) ? child.GetChildren().Select(inner => $"{child.Key}:{inner.Key}") : [child.Key]);
        var known = All.Select(setting => setting.Key).ToArray();
        if (keys.Select(WithoutSuffix).FirstOrDefault(key => !known.Contains(key, StringComparer.OrdinalIgnoreCase)) is { } unknown)
        {
            var hint = NearestName.Of(unknown, known) is { } nearest
                ? $"did you mean {Section}:{nearest}?"
                : "`Fovea.Api settings` lists the settings.";
            throw new FoveaException(ErrorCode.BadArgument, $"{Section}:{unknown} is not a setting; {hint}");
        }

        static string WithoutSuffix(string key) => key.EndsWith(SecretFiles.Suffix, StringComparison.OrdinalIgnoreCase)
            ? key[..^SecretFiles.Suffix.Length] : key;

        static bool IsIn(string group, Setting setting) =>
            setting.Key.StartsWith(group + ":", StringComparison.OrdinalIgnoreCase);
    }

    public static string Markdown()
    {
        var rows = All.Select(setting =>
            $"| `{setting.Key}` | {Cell(setting.Default)} | {setting.Expected} | {Cell(Meaning(setting.Property))} |");
        return string.Join('\n', ["| setting | default | range | meaning |", "|---|---|---|---|", .. rows]);
    }

    /// <summary>
    /// Returns the JSON schema (draft-07) of an <c>appsettings.json</c>. It describes only the keys under <c>Fovea</c>.
    /// </summary>
    public static string Schema()
    {
        var properties = new JsonObject();
        foreach (var setting in All)
        {
            var path = setting.Key.Split(':');
            var parent = path.Length == 1 ? properties : Group(properties, path[0]);
            parent[path[^1]] = Described(setting);
        }

        var schema = new JsonObject
        {
            ["$schema"] = "http://json-schema.org/draft-07/schema#",
            ["type"] = "object",
            ["properties"] = new JsonObject
            {
                [Section] = new JsonObject { ["type"] = "object", ["additionalProperties"] = false, ["properties"] = properties },
            },
        };
        return schema.ToJsonString(Indented);
    }

    private static JsonObject Group(JsonObject properties, string name)
    {
        properties[name] ??= new JsonObject { ["type"] = "object", ["additionalProperties"] = false, ["properties"] = new JsonObject() };
        return properties[name]!["properties"]!.AsObject();
    }

    private static JsonObject Described(Setting setting)
    {
        var type = setting.Property.PropertyType;
        var described = new JsonObject
        {
            ["description"] = $"{Meaning(setting.Property)} Default: {setting.Default}.",
            ["type"] = type == typeof(bool) ? "boolean" : type == typeof(int) || type == typeof(long) ? "integer"
                : type == typeof(string) || type.IsEnum ? "string" : "array",
        };
        if (setting.Range is { } range)
        {
            described["minimum"] = Convert.ToInt64(range.Minimum, CultureInfo.InvariantCulture);
            described["maximum"] = Convert.ToInt64(range.Maximum, CultureInfo.InvariantCulture);
        }

        if (setting.Values is { } values)
        {
            described["enum"] = new JsonArray([.. values.Select(value => (JsonNode)value)]);
        }

        return described;
    }

    // Returns the summary of a property from the XML documentation that the compiler writes beside the assembly.
    private static string Meaning(PropertyInfo property)
    {
        var type = property.DeclaringType!;
        var documentation = XDocument.Load(Path.ChangeExtension(type.Assembly.Location, ".xml"));
        var member = documentation.Descendants("member").Single(
            one => (string?)one.Attribute("name") == $"P:{type.FullName}.{property.Name}");
        var words = string.Concat(member.Element("summary")!.Nodes().Select(node => node switch
        {
            XElement { Name.LocalName: "see" } see => $"`{((string)see.Attribute("cref")!).Split('.')[^1]}`",
            XElement code => $"`{code.Value}`",
            _ => WebUtility.HtmlDecode($"{node}"),
        }));
        return Spaces().Replace(words, " ").Trim();
    }

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
