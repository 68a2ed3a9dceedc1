using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fovea.Models.Adoption;

/// <summary>The findings of an adoption about a model file. Each entry is one sentence.</summary>
/// <param name="Found">
/// The facts read from the graph and from the files beside it, by the keys <c>input</c>, <c>layout</c>, <c>type</c>, <c>valueRange</c>,
/// <c>head</c>, <c>activation</c>, <c>labels</c> and <c>preprocessing</c>. The key of an unknown fact is left out.
/// </param>
/// <param name="Changed">The differences between the adopted graph and the file.</param>
/// <param name="Assumed">The usual values that adoption assumed because neither the graph nor a file beside it gives them.</param>
/// <param name="Needs">
/// The missing facts, each with the line of model.json that would supply it. The model is not served while this list has an entry.
/// </param>
public sealed record Findings(
    IReadOnlyDictionary<string, string> Found, IReadOnlyList<string> Changed, IReadOnlyList<string> Assumed, IReadOnlyList<string> Needs)
{
    // People read this JSON, so apostrophes and arrows are not escaped. No web page contains the text unescaped.
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
