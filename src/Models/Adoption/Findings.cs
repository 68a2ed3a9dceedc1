using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fovea.Models.Adoption;

/// <summary>What adoption says about a file, each entry one sentence.</summary>
/// <param name="Found">
/// What the graph and the files beside it say: <c>input</c>, <c>layout</c>, <c>type</c>, <c>valueRange</c>, <c>head</c>,
/// <c>activation</c>, <c>labels</c>, <c>preprocessing</c>. A key is left out where nothing was found.
/// </param>
/// <param name="Changed">What the adopted graph has otherwise than the file.</param>
/// <param name="Assumed">What neither the graph nor a file beside it says, and is taken as usual.</param>
/// <param name="Needs">
/// What cannot be known, with the line of model.json that would supply it. Nothing is served while there is an entry.
/// </param>
public sealed record Findings(
    IReadOnlyDictionary<string, string> Found, IReadOnlyList<string> Changed, IReadOnlyList<string> Assumed, IReadOnlyList<string> Needs)
{
    // Apostrophes and arrows stay as they are: the text is for people, and stands in no web page as it is.
    private static readonly FindingsJson Readable = new(new JsonSerializerOptions(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });

    /// <summary>The findings as JSON, <c>{"found": {}, "changed": [], "assumed": [], "needs": []}</c>.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Readable.Findings);
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, WriteIndented = true)]
[JsonSerializable(typeof(Findings))]
internal sealed partial class FindingsJson : JsonSerializerContext;
