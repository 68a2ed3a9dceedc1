using Fovea.Api.Scheduling;

namespace Fovea.Api.Tests.Serving;

public sealed class RequestsInFlightTests
{
    [Fact]
    public void Background_work_is_cancelled_once_when_a_request_arrives()
    {
        var requests = new RequestsInFlight();
        int cancelled = 0;
        using var work = requests.TryBegin(() => cancelled++)!;
        Assert.False(work.IsCancelled);
        requests.Enter();
        requests.Enter();
        Assert.True(work.IsCancelled);
        Assert.Equal(1, cancelled);
    }

    [Fact]
    public void Background_work_does_not_begin_while_a_request_is_in_flight()
    {
        var requests = new RequestsInFlight();
        requests.Enter();
        Assert.Equal(TimeSpan.Zero, requests.Quiet);
        Assert.Null(requests.TryBegin(() => { }));
        requests.Leave();
        using var work = requests.TryBegin(() => { });
        Assert.NotNull(work);
    }

    [Fact]
    public void Finished_background_work_is_not_cancelled()
    {
        var requests = new RequestsInFlight();
        bool isCancelled = false;
        requests.TryBegin(() => isCancelled = true)!.Dispose();
        requests.Enter();
        Assert.False(isCancelled);
    }
}
