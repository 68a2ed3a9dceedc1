namespace Fovea.Api.RouteDescriptions;

/// <summary>Marks a route whose body is a form of images, which is answered with a list.</summary>
internal sealed class TakesImages;
