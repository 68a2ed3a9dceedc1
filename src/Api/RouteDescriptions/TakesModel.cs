namespace Fovea.Api.RouteDescriptions;

/// <summary>Marks a route whose body is a model file.</summary>
internal sealed class TakesModel;
