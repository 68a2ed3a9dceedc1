namespace Fovea.Api.RouteDescriptions;

/// <summary>
/// Marks a route whose body is one image. The standard Accepts metadata does not fit: routing would refuse other media types by itself,
/// without a problem document.
/// </summary>
internal sealed class TakesImage;
