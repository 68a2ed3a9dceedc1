using System.Diagnostics;
using Fovea.Api.Problems;
using Fovea.Api.Scheduling;

namespace Fovea.Api.Tests.Serving;

public sealed class AdmissionTests
{
    [Fact]
    public void Retry_after_is_the_time_of_the_requests_in_flight_when_runs_are_slow()
    {
        var admission = new Admission("lenet5", places: 64, new());
        for (int i = 0; i < 64; i++)
        {
            admission.Ran(images: 4, TimeSpan.FromMilliseconds(4 * (i % 2 == 0 ? 33 : 29)));
            admission.Enter();
        }

        // 64 requests of 31 ms, the mean, would take 1.98 s.
        var refused = Assert.Throws<ServiceException>(admission.Enter);
        Assert.Equal((ServiceError.Overloaded, TimeSpan.FromSeconds(3)), (refused.Error, refused.RetryAfter));
        Assert.Contains("lenet5 is at capacity (64 requests in flight). Retry in 3 s.", refused.Message, StringComparison.Ordinal);

        Assert.Equal(refused.Message, Assert.Throws<ServiceException>(admission.RefuseIfFull).Message);
        admission.Leave();
        admission.RefuseIfFull();
        admission.Enter();
        Assert.Equal(64, admission.Taken);
    }

    [Fact]
    public void Retry_after_falls_when_runs_become_faster()
    {
        var admission = new Admission("lenet5", places: 1, new());
        admission.Enter();
        admission.Ran(images: 1, TimeSpan.FromSeconds(20));
        Assert.Equal(TimeSpan.FromSeconds(20), Assert.Throws<ServiceException>(admission.Enter).RetryAfter);
        for (int i = 0; i < 200; i++)
        {
            admission.Ran(images: 1, TimeSpan.FromMilliseconds(1));
        }

        Assert.Equal(TimeSpan.FromSeconds(1), Assert.Throws<ServiceException>(admission.Enter).RetryAfter);
    }

    [Fact]
    public void Request_that_is_alone_for_a_moment_is_no_lone_request()
    {
        var admission = new Admission("lenet5", places: 64, new());
        admission.Enter();
        Assert.True(admission.HasLoneRequest);

        // The look is repeated if the machine was so slow that it came too late.
        bool isLone;
        long start;
        do
        {
            admission.Enter();
            Assert.False(admission.HasLoneRequest);

            // The 10 ms begin when one of the two requests leaves, however long both were there.
            Thread.Sleep(15);
            start = Stopwatch.GetTimestamp();
            admission.Leave();
            isLone = admission.HasLoneRequest;
        }
        while (Stopwatch.GetElapsedTime(start) > TimeSpan.FromMilliseconds(9));

        Assert.False(isLone);
        Assert.True(SpinWait.SpinUntil(() => admission.HasLoneRequest, TimeSpan.FromMinutes(1)));
        admission.Leave();
        Assert.False(admission.HasLoneRequest);
    }
}
