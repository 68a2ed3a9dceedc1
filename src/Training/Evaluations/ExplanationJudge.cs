using System.Text.Json;
using System.Text.Json.Serialization;
using Fovea.Models.Explanations;

namespace Fovea.Training.Evaluations;

/// <summary>The mean agreement of one kind of heat map with a network.</summary>
/// <param name="Map">The name of the method, or <c>random</c> or <c>centre</c> for the maps with which the method is compared.</param>
/// <param name="Insertion">The mean insertion, 0 to 1; higher is better.</param>
/// <param name="Deletion">The mean deletion, 0 to 1; lower is better.</param>
/// <param name="AverageDrop">The mean drop, 0 to 1; lower is better.</param>
internal sealed record JudgedMap(string Map, double Insertion, double Deletion, double AverageDrop);

/// <summary>The agreement of a method's heat maps with a network, compared with random maps and a blob in the middle.</summary>
/// <param name="Images">The number of images.</param>
/// <param name="Steps">The number of steps in which pixels are inserted and deleted.</param>
/// <param name="Maps">The kinds of maps, the method first.</param>
internal sealed record ExplanationJudge(int Images, int Steps, IReadOnlyList<JudgedMap> Maps)
{
    /// <summary>Explains the class in the options, or else each image's likeliest class, and judges the maps.</summary>
    /// <param name="explainer">The explainer of the model.</param>
    /// <param name="images">Preprocessed images, [C, H, W] each; at least one.</param>
    /// <param name="options">The options of the explanations.</param>
    /// <param name="done">Receives the number of images judged so far.</param>
    /// <param name="stop">Ends the work.</param>
    /// <exception cref="Fovea.Models.Errors.FoveaException">An image cannot be explained.</exception>
    public static ExplanationJudge Of(
        Explainer explainer, IEnumerable<float[]> images, ExplanationOptions options, Action<int> done, CancellationToken stop)
    {
        var scores = new List<(string Map, Faithfulness Score)>();
        int count = 0;
        foreach (var image in images)
        {
            var found = explainer.Explain(image, options, stop);
            var (height, width) = (found.Map.Height, found.Map.Width);
            Judge(ExplanationMethods.NameOf(options.Method), found.Map);
            Judge("random", Faithfulness.RandomMap(height, width, options.Seed + count));
            Judge("centre", Faithfulness.CentredMap(height, width));
            done(++count);

            void Judge(string name, HeatMap map) => scores.Add((name, explainer.Judge(image, found.Class, map, stop)));
        }

        return new(count, Faithfulness.Steps, [.. scores.GroupBy(score => score.Map, score => score.Score).Select(group => new JudgedMap(
            group.Key,
            group.Average(score => score.Insertion),
            group.Average(score => score.Deletion),
            group.Average(score => score.AverageDrop)))]);
    }
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(ExplanationJudge))]
internal sealed partial class ExplanationJudgeJson : JsonSerializerContext;
