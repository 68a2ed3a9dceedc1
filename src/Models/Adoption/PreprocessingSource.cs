using System.Text.Json.Nodes;
using Fovea.Models.Errors;
using Fovea.Models.Imaging;

namespace Fovea.Models.Adoption;

/// <summary>A preprocessing that other software describes, whose size may be left to the graph.</summary>
/// <param name="Source">Where it stands.</param>
/// <param name="Steps">
/// The steps in the form of model.json, given the height and width that the graph fixes (<c>null</c> if they are open) and the number of
/// channels; <c>null</c> if the size is not known either way.
/// </param>
/// <param name="GivesRange">Whether it says how pixels are scaled.</param>
/// <param name="Assumption">What it leaves to custom, as a sentence; <c>null</c> for nothing.</param>
internal sealed record PreprocessingSource(
    string Source, Func<int[]?, int, JsonObject?> Steps, bool GivesRange = true, string? Assumption = null)
{
    /// <summary>The preprocessing for a graph; <c>null</c> if the size is not known.</summary>
    /// <exception cref="FoveaException">A number is out of range.</exception>
    public Preprocessing? For(int[]? size, int channels)
    {
        if (Steps(size, channels) is not { } json)
        {
            return null;
        }

        if (channels == 1)
        {
            json["color"] = "Gray";
        }

        // Numbers that come from C# keep their C# type in JSON nodes. Parsed from text, they are numbers as in a file.
        return Preprocessing.FromJson(JsonNode.Parse(json.ToJsonString())!.AsObject());
    }

    /// <summary>A list of whole numbers as JSON.</summary>
    public static JsonArray List(params IEnumerable<int> numbers) => [.. numbers.Select(n => (JsonNode)n)];
}
