using System.Collections.Concurrent;
using System.Diagnostics;
using Fovea.Api.Telemetry;
using Fovea.Api.Tests.Hosting;
using Fovea.Models.Graphs;

namespace Fovea.Api.Tests.Telemetry;

/// <summary>All services of a process share their traces, so this model has a name that no other test uses.</summary>
public sealed class TraceTests
{
    [Fact]
    public async Task Each_stage_is_a_span_of_its_request()
    {
        var spans = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is Traces.Name or "Microsoft.AspNetCore",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        using var repository = new Repository().With("traced", 1);
        await using var service = await TestService.StartReady(repository);
        Assert.Equal(200, (await service.Post("/classify/traced", Images.Digit.As(null))).Status);
        await Eventually.True(() => Task.FromResult(Stages().Length == 5));
        Assert.Equal(["admit", "decode", "infer", "queue", "write"], Stages().Select(span => span.OperationName).Order());
        var request = Assert.Single(spans, span => span.SpanId == Stages()[0].ParentSpanId);
        Assert.All(Stages(), span => Assert.Equal((request.TraceId, request.SpanId), (span.TraceId, span.ParentSpanId)));
        Assert.All(
            Stages(),
            span =>
                Assert.InRange(
                    span.StartTimeUtc, request.StartTimeUtc.AddMilliseconds(-5), request.StartTimeUtc + TimeSpan.FromMinutes(1)));

        Activity[] Stages() => [.. spans.Where(span => span.Source.Name == Traces.Name && Equals(span.GetTagItem("model"), "traced"))];
    }
}
