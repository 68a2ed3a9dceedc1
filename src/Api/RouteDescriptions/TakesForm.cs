namespace Fovea.Api.RouteDescriptions;

/// <summary>Marks a route whose body is a form with a zip file and its purpose.</summary>
internal sealed class TakesForm;
