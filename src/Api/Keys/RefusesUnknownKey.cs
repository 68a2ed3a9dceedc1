namespace Fovea.Api.Keys;

/// <summary>
/// Marks a route that needs no API key, but refuses an unknown key if keys are configured. A program that tests its key with this route
/// then gets an error for a wrong key.
/// </summary>
internal sealed class RefusesUnknownKey;
