namespace Fovea.Api.RouteDescriptions;

/// <summary>Marks a route whose body is one image, in the forms of <see cref="TakesImages"/>.</summary>
internal sealed class TakesImage;
