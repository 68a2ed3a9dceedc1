using System.Text.Json.Nodes;
using Fovea.Models.Errors;
using Fovea.Models.Imaging;

namespace Fovea.Models.Adoption;

/// <summary>A preprocessing that other software describes. It may leave the image size to the graph.</summary>
/// <param name="Source">The file or property that describes the preprocessing, for messages.</param>
/// <param name="Steps">
/// Returns the steps as JSON in the form of model.json. Receives the height and width that the graph fixes (<c>null</c> if they are open)
/// and the number of channels. Returns <c>null</c> if neither the graph nor the description gives the size.
/// </param>
/// <param name="GivesRange">Whether the description says how pixels are scaled.</param>
/// <param name="Assumption">
/// A sentence about the steps that the description does not give, for which the software's usual steps are taken; <c>null</c> if it gives
/// all.
/// </param>
internal sealed record PreprocessingSource(
    string Source, Func<int[]?, int, JsonObject?> Steps, bool GivesRange = true, string? Assumption = null)
{
    /// <summary>The preprocessing for a graph; <c>null</c> if the image size is unknown.</summary>
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

        // JSON nodes made from C# numbers keep the C# type. Writing and parsing them gives JSON numbers, as in a file.
        return Preprocessing.FromJson(JsonNode.Parse(json.ToJsonString())!.AsObject());
    }

    /// <summary>A list of whole numbers as JSON.</summary>
    public static JsonArray List(params IEnumerable<int> numbers) => [.. numbers.Select(n => (JsonNode)n)];
}
