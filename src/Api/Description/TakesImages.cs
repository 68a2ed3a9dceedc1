namespace Fovea.Api;

/// <summary>
/// Marks a route whose body is images. Not Accepts, by which routing would itself refuse other media types, without a problem document.
/// </summary>
internal sealed class TakesImages;
