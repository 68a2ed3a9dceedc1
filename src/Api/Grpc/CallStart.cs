namespace Fovea.Api.Grpc;

/// <summary>When a call began, before its message was read.</summary>
/// <param name="Timestamp">A timestamp of <see cref="System.Diagnostics.Stopwatch"/>.</param>
internal sealed record CallStart(long Timestamp);
