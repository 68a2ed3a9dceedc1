namespace Fovea.Api.RouteDescriptions;

/// <summary>Marks a route whose body is a request to infer.</summary>
internal sealed class TakesTensors;
