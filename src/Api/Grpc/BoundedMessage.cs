namespace Fovea.Api.Grpc;

/// <summary>Marks a method whose message is read within the limits of request bodies.</summary>
internal sealed class BoundedMessage;
