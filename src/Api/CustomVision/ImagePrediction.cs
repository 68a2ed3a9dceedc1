using System.Globalization;
using Fovea.Api.Classification;

namespace Fovea.Api.CustomVision;

/// <summary>The answer for one image, in the form of Custom Vision's prediction API.</summary>
/// <param name="Id">A new GUID for each answer.</param>
/// <param name="Project">The project of the request.</param>
/// <param name="Iteration">A GUID of the model and its version in the project.</param>
/// <param name="Created">The time of the answer, in UTC.</param>
/// <param name="Predictions">All classes, the likeliest first.</param>
internal sealed record ImagePrediction(
    Guid Id, Guid Project, Guid Iteration, DateTime Created, IReadOnlyList<TagPrediction> Predictions)
{
    /// <summary>Converts an answer to this form.</summary>
    /// <param name="answer">The answer, with all classes.</param>
    /// <param name="project">The project of the request.</param>
    /// <param name="now">The time.</param>
    public static ImagePrediction Of(Answer answer, Guid project, DateTimeOffset now) => new(
        Guid.CreateVersion7(now),
        project,
        StableGuid.Of(project, string.Create(CultureInfo.InvariantCulture, $"{answer.Model}/versions/{answer.Version}")),
        now.UtcDateTime,
        [.. answer.Predictions.Select(one =>
            new TagPrediction(one.Probability, StableGuid.Of(project, $"tags/{one.Label}"), one.Label, TagPrediction.Regular))]);
}

/// <summary>A class that an image may show.</summary>
/// <param name="Probability">The probability, 0 to 1. The probabilities of independent labels need not add up to 1.</param>
/// <param name="TagId">A GUID of the label in the project, the same for all models and versions.</param>
/// <param name="TagName">The label.</param>
/// <param name="TagType">Always Regular.</param>
internal sealed record TagPrediction(double Probability, Guid TagId, string TagName, string TagType)
{
    /// <summary>The type of all tags.</summary>
    public const string Regular = "Regular";
}
