using Fovea.Models;

namespace Fovea.Api.Tests;

public sealed class AdmissionTests
{
    [Fact]
    public void Refused_is_told_how_long_the_requests_before_it_take_when_runs_are_slow()
    {
        var admission = new Admission("lenet5", places: 64, new());
        for (int i = 0; i < 64; i++)
        {
            admission.Ran(images: 4, TimeSpan.FromMilliseconds(4 * (i % 2 == 0 ? 33 : 29)));
            admission.Enter();
        }

        // 64 of 31 ms, their mean, would be 1.98 s.
        var refused = Assert.Throws<FoveaException>(admission.Enter);
        Assert.Equal((ErrorCode.Overloaded, TimeSpan.FromSeconds(3)), (refused.Code, refused.RetryAfter));
        Assert.Contains("lenet5 is at capacity (64 requests in flight). Retry in 3 s.", refused.Message, StringComparison.Ordinal);

        Assert.Equal(refused.Message, Assert.Throws<FoveaException>(admission.RefuseIfFull).Message);
        admission.Leave();
        admission.RefuseIfFull();
        admission.Enter();
        Assert.Equal(64, admission.Taken);
    }

    [Fact]
    public void Once_runs_are_faster_the_pause_becomes_shorter()
    {
        var admission = new Admission("lenet5", places: 1, new());
        admission.Enter();
        admission.Ran(images: 1, TimeSpan.FromSeconds(20));
        Assert.Equal(TimeSpan.FromSeconds(20), Assert.Throws<FoveaException>(admission.Enter).RetryAfter);
        for (int i = 0; i < 200; i++)
        {
            admission.Ran(images: 1, TimeSpan.FromMilliseconds(1));
        }

        Assert.Equal(TimeSpan.FromSeconds(1), Assert.Throws<FoveaException>(admission.Enter).RetryAfter);
    }
}
