namespace Fovea.Api.RouteDescriptions;

/// <summary>Marks a route of Custom Vision's prediction API.</summary>
/// <param name="ByAddress">Whether the body has the address of an image, rather than the image.</param>
internal sealed record TakesPredictionImage(bool ByAddress);
