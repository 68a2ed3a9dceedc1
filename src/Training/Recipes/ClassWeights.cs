using System.Globalization;
using System.Text.Json;
using Fovea.Models.Errors;
using Fovea.Training.Datasets;

namespace Fovea.Training.Recipes;

/// <summary>How much an image of each class counts in training. The weights of all images have a mean of 1.</summary>
internal static class ClassWeights
{
    /// <summary>The values of the option <c>--class-weights</c> that are not the path of a file.</summary>
    public const string Balanced = "balanced", None = "none";

    /// <summary>Reads a value of the option <c>--class-weights</c>.</summary>
    /// <param name="value">
    /// none; balanced, which makes all classes count the same, however many images they have; or a JSON file such as {"cat": 1, "dog": 2}.
    /// </param>
    /// <param name="train">The training images.</param>
    /// <returns>The weight of each class; null if all images count the same.</returns>
    /// <exception cref="FoveaException">
    /// The file does not give a weight over 0 for each class, or the images have several labels.
    /// </exception>
    public static IReadOnlyList<float>? Read(string value, Dataset train)
    {
        if (value == None)
        {
            return null;
        }

        if (train.LabelSets is not null)
        {
            throw new FoveaException(
                ErrorCode.BadArgument, $"--class-weights is {value}, but the images have several labels each; expected {None}.");
        }

        var counts = train.Targets.CountBy(target => target).ToDictionary();
        var raw = value == Balanced
            ? [.. train.Labels.Select((_, label) => 1.0 / Math.Max(1, counts.GetValueOrDefault(label)))]
            : FromFile(value, train.Labels);
        double mean = train.Targets.Average(target => raw[target]);
        return [.. raw.Select(weight => (float)(weight / mean))];
    }

    private static double[] FromFile(string path, IReadOnlyList<string> labels)
    {
        const string Expected = "expected balanced, none, or a JSON file with a number for each class, such as {\"cat\": 1, \"dog\": 2}";
        try
        {
            var weights = JsonSerializer.Deserialize(File.ReadAllBytes(path), ClassWeightsJson.Default.DictionaryStringDouble) ?? [];
            if (weights.Keys.Except(labels).FirstOrDefault() is { } unknown)
            {
                throw Bad($"has a weight for {unknown}, which is not a class of the data set");
            }

            return [.. labels.Select(label =>
                !weights.TryGetValue(label, out double weight) ? throw Bad($"has no weight for {label}")
                : weight is > 0 and <= 1e6 ? weight
                : throw Bad(string.Create(CultureInfo.InvariantCulture, $"has the weight {weight} for {label}, which is not over 0")))];
        }
        catch (JsonException e)
        {
            throw Bad($"is not valid at {JsonFailure.Place(e)}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FoveaException(
                ErrorCode.BadArgument, $"The class weights {path} cannot be read: {FileFailure.Reason(e, path)}; {Expected}.", e);
        }

        FoveaException Bad(string problem) =>
            new(ErrorCode.BadArgument, $"The file of class weights {path} {problem}; {Expected}.");
    }
}

[System.Text.Json.Serialization.JsonSerializable(typeof(Dictionary<string, double>))]
internal sealed partial class ClassWeightsJson : System.Text.Json.Serialization.JsonSerializerContext;
