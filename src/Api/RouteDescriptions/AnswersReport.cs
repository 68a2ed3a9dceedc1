namespace Fovea.Api.RouteDescriptions;

/// <summary>Marks a route that answers with the report of a training run, which the training program writes.</summary>
internal sealed class AnswersReport;
