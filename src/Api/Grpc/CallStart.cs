namespace Fovea.Api.Grpc;

/// <summary>The time at which a gRPC call began, before its message was read.</summary>
/// <param name="Timestamp">A timestamp of <see cref="System.Diagnostics.Stopwatch"/>.</param>
internal sealed record CallStart(long Timestamp);
