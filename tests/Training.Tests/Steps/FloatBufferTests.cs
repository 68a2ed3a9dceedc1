using Fovea.Models.Graphs;
using Fovea.Models.Runtime;
using Fovea.Training.Steps;

namespace Fovea.Training.Tests.Steps;

public class FloatBufferTests
{
    // More floats than one copy between memories takes.
    private const int Length = (1 << 24) + 3;

    public static TheoryData<string> Names => Devices.Names;

    [Theory, MemberData(nameof(Names))]
    public void A_new_buffer_is_zero_and_lies_in_the_memory_that_was_asked_for(string name)
    {
        var device = Devices.Find(name);
        using var memory = new DeviceMemory(device);
        using FloatBuffer buffer = new(100, memory), staging = FloatBuffer.Staging(100, memory);
        Assert.Equal((device.SharesMainMemory, true), (buffer.IsInMainMemory, staging.IsInMainMemory));
        Assert.Equal(Devices.MemoryName(device), buffer.View(0, new Shape(100)).GetTensorMemoryInfo().Name);
        Assert.Equal(Devices.StagingName(device), staging.View(0, new Shape(100)).GetTensorMemoryInfo().Name);
        using var copy = buffer.ToMainMemory();
        Assert.Equal(new float[100], copy.Floats.ToArray());
        Assert.Equal(new float[100], staging.Floats.ToArray());
    }

    [Theory, MemberData(nameof(Names))]
    public void Floats_survive_the_way_to_the_device_on_it_and_back(string name)
    {
        using var memory = new DeviceMemory(Devices.Find(name));
        using FloatBuffer start = new(Length), first = new(Length + 5, memory), second = new(Length + 5, memory);
        foreach (int i in (int[])[0, 1, (1 << 24) - 1, 1 << 24, Length - 1])
        {
            start.Floats[i] = i + 1;
        }

        start.CopyTo(first, 5);
        first.CopyTo(second);
        using var end = second.ToMainMemory();
        Assert.True(end.Floats[..5].SequenceEqual(new float[5]));
        Assert.True(end.Floats[5..].SequenceEqual(start.Floats));
        Assert.Throws<ArgumentOutOfRangeException>(() => second.View(Length, new Shape(6)));
    }

    [Fact]
    public void Floats_of_a_device_are_not_readable_from_csharp()
    {
        using var memory = new DeviceMemory(Device.CpuWithSeparateMemory);
        using var buffer = new FloatBuffer(1, memory);
        var error = Assert.Throws<InvalidOperationException>(() => buffer.Floats[0]);
        Assert.Contains("expected main memory", error.Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => buffer.Tensor(0, new Shape(1)).Bytes.Span.Length);
    }
}
