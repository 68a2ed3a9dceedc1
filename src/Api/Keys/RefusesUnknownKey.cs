namespace Fovea.Api.Keys;

/// <summary>
/// Marks a route that needs no key, but refuses one that is unknown where keys are configured, so that a program which tries its key here
/// learns that it is wrong.
/// </summary>
internal sealed class RefusesUnknownKey;
