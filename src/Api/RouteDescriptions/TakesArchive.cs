namespace Fovea.Api.RouteDescriptions;

/// <summary>Marks a route whose body is a zip file.</summary>
internal sealed class TakesArchive;
