using Fovea.Api.Problems;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace Fovea.Api.Hosting;

/// <summary>Answers every exception of a gRPC method with the status and the sentence of its problem.</summary>
internal sealed class GrpcProblems(FailedRequests failed) : Interceptor
{
    /// <inheritdoc/>
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            return await continuation(request, context);
        }
        catch (Exception e) when (e is not RpcException)
        {
            throw Refusal(e, context);
        }
    }

    /// <inheritdoc/>
    public override async Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            await continuation(request, responseStream, context);
        }
        catch (Exception e) when (e is not RpcException)
        {
            throw Refusal(e, context);
        }
    }

    private RpcException Refusal(Exception exception, ServerCallContext context)
    {
        if (context.CancellationToken.IsCancellationRequested && exception is OperationCanceledException or IOException)
        {
            // The client has disconnected, or its own deadline has passed. In both cases the answer does not reach the client.
            return new(new Status(StatusCode.Cancelled, "The client has cancelled the call."));
        }

        var problem = failed.Report(context.GetHttpContext(), exception);
        Metadata trailers = [new(GrpcError.Code, problem.Code)];
        if (FailedRequests.RetryAfter(exception, problem) is { } wait)
        {
            trailers.Add(GrpcError.Pushback, GrpcError.Milliseconds(wait));
        }

        return new(new Status(problem.GrpcStatus, problem.Detail), trailers);
    }
}
