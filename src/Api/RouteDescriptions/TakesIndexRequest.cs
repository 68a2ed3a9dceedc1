namespace Fovea.Api.RouteDescriptions;

/// <summary>Marks a route whose body asks for the index of the model repository.</summary>
internal sealed class TakesIndexRequest;
