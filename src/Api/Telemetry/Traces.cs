using System.Diagnostics;

namespace Fovea.Api;

/// <summary>The spans of a request's stages; they cost nothing where nobody collects them.</summary>
internal static class Traces
{
    /// <summary>The name under which they are collected.</summary>
    public const string Name = "Fovea";

    /// <summary>Where they start.</summary>
    public static ActivitySource Source { get; } = new(Name);
}
