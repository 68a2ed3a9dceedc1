using System.Runtime.InteropServices;
using System.Text;

namespace Fovea.Models.Kernels;

/// <summary>
/// The functions of ONNX Runtime's C interface that custom operators need and that its .NET library does not offer. The interface is a
/// table of function pointers, declared as <c>OrtApi</c> in onnxruntime_c_api.h. New versions only append to the table, so a function keeps
/// its place.
/// </summary>
internal static unsafe partial class RuntimeApi
{
    /// <summary>The version of the interface that this class uses. It is older than the runtime, which still offers it.</summary>
    public const uint Version = 22;

    // The code of a general error, ORT_FAIL.
    private const int Fail = 1;

    private static readonly nint* Table = (nint*)((delegate* unmanaged<uint, nint>)GetBase()[0])(Version);

    /// <summary>Creates a domain of custom operators.</summary>
    public static nint CreateDomain(byte* name)
    {
        nint domain;
        Check(((delegate* unmanaged<byte*, nint*, nint>)Table[26])(name, &domain));
        return domain;
    }

    /// <summary>Adds an operator to a domain. The operator's description must stay in place as long as the domain exists.</summary>
    public static void AddOperator(nint domain, void* description) =>
        Check(((delegate* unmanaged<nint, void*, nint>)Table[27])(domain, description));

    /// <summary>Makes a domain available to a session.</summary>
    public static void AddDomain(nint sessionOptions, nint domain) =>
        Check(((delegate* unmanaged<nint, nint, nint>)Table[28])(sessionOptions, domain));

    /// <summary>The number of elements of a tensor.</summary>
    public static long Count(nint tensor)
    {
        nint info;
        Check(((delegate* unmanaged<nint, nint*, nint>)Table[65])(tensor, &info));
        nuint count;
        nint status = ((delegate* unmanaged<nint, nuint*, nint>)Table[64])(info, &count);
        ((delegate* unmanaged<nint, void>)Table[99])(info);
        Check(status);
        return (long)count;
    }

    /// <summary>The elements of a tensor.</summary>
    public static float* Floats(nint tensor)
    {
        float* floats;
        Check(((delegate* unmanaged<nint, float**, nint>)Table[51])(tensor, &floats));
        return floats;
    }

    /// <summary>An integer attribute of a node.</summary>
    /// <param name="info">The node, while its kernel is created.</param>
    /// <param name="name">The attribute's name.</param>
    public static int Attribute(nint info, string name)
    {
        long number;
        fixed (byte* text = Encoding.UTF8.GetBytes(name + '\0'))
        {
            Check(((delegate* unmanaged<nint, byte*, long*, nint>)Table[86])(info, text, &number));
        }

        return checked((int)number);
    }

    /// <summary>A float attribute of a node.</summary>
    /// <param name="info">The node, while its kernel is created.</param>
    /// <param name="name">The attribute's name.</param>
    public static float FloatAttribute(nint info, string name)
    {
        float number;
        fixed (byte* text = Encoding.UTF8.GetBytes(name + '\0'))
        {
            Check(((delegate* unmanaged<nint, byte*, float*, nint>)Table[85])(info, text, &number));
        }

        return number;
    }

    /// <summary>A constant input of a node while its kernel is created; 0 if the input is not constant.</summary>
    public static nint ConstantInput(nint info, int index)
    {
        int isConstant;
        nint tensor;
        Check(((delegate* unmanaged<nint, nuint, int*, nint*, nint>)Table[249])(info, (nuint)index, &isConstant, &tensor));
        return isConstant == 0 ? 0 : tensor;
    }

    /// <summary>The number of inputs of a node.</summary>
    public static int InputCount(nint context)
    {
        nuint count;
        Check(((delegate* unmanaged<nint, nuint*, nint>)Table[88])(context, &count));
        return (int)count;
    }

    /// <summary>An input of a node during a run; 0 if it is left out.</summary>
    public static nint Input(nint context, int index)
    {
        nint tensor;
        Check(((delegate* unmanaged<nint, nuint, nint*, nint>)Table[90])(context, (nuint)index, &tensor));
        return tensor;
    }

    /// <summary>Allocates the first output of a node during a run.</summary>
    public static nint Output(nint context, params ReadOnlySpan<long> shape) => OutputAt(context, 0, shape);

    /// <summary>Allocates an output of a node during a run.</summary>
    public static nint OutputAt(nint context, int index, params ReadOnlySpan<long> shape)
    {
        nint tensor;
        fixed (long* dimensions = shape)
        {
            Check(((delegate* unmanaged<nint, nuint, long*, nuint, nint*, nint>)Table[91])(
                context, (nuint)index, dimensions, (nuint)shape.Length, &tensor));
        }

        return tensor;
    }

    /// <summary>Allocates the first output of a node during a run, in the shape of a tensor.</summary>
    public static nint OutputLike(nint context, nint tensor)
    {
        nint info;
        Check(((delegate* unmanaged<nint, nint*, nint>)Table[65])(tensor, &info));
        try
        {
            nuint rank;
            Check(((delegate* unmanaged<nint, nuint*, nint>)Table[61])(info, &rank));
            long* shape = stackalloc long[(int)rank];
            Check(((delegate* unmanaged<nint, long*, nuint, nint>)Table[62])(info, shape, rank));
            return Output(context, new ReadOnlySpan<long>(shape, (int)rank));
        }
        finally
        {
            ((delegate* unmanaged<nint, void>)Table[99])(info);
        }
    }

    /// <summary>
    /// Calls a method of a kernel for each number below <paramref name="count"/>, on the threads of the session. An exception of the method
    /// must not reach native code, so the calls end first.
    /// </summary>
    /// <exception cref="InsufficientMemoryException">A call failed.</exception>
    public static void Parallel(nint context, int count, Action<int> work)
    {
        if (count == 1)
        {
            work(0);
            return;
        }

        var handle = GCHandle.Alloc(work);
        try
        {
            var call = new Call { Work = GCHandle.ToIntPtr(handle) };
            Check(((delegate* unmanaged<nint, delegate* unmanaged<void*, nuint, void>, nuint, nuint, void*, nint>)Table[274])(
                context, &Invoke, (nuint)count, 0, &call));
            if (call.Failed != 0)
            {
                throw new InsufficientMemoryException(
                    "A part of an operator failed, probably because there was no memory for its intermediate results.");
            }
        }
        finally
        {
            handle.Free();
        }
    }

    /// <summary>An error that a callback returns to ONNX Runtime.</summary>
    public static nint Error(Exception e)
    {
        var text = Marshal.StringToCoTaskMemUTF8(e.Message);
        nint status = ((delegate* unmanaged<int, nint, nint>)Table[0])(Fail, text);
        Marshal.FreeCoTaskMem(text);
        return status;
    }

    [UnmanagedCallersOnly]
    private static void Invoke(void* call, nuint number)
    {
        try
        {
            ((Action<int>)GCHandle.FromIntPtr(((Call*)call)->Work).Target!)((int)number);
        }
        catch (Exception)
        {
            ((Call*)call)->Failed = 1;
        }
    }

    private struct Call
    {
        public nint Work;
        public int Failed;
    }

    private static void Check(nint status)
    {
        if (status != 0)
        {
            var message = Marshal.PtrToStringUTF8(((delegate* unmanaged<nint, nint>)Table[2])(status));
            ((delegate* unmanaged<nint, void>)Table[93])(status);
            throw new InvalidOperationException(message);
        }
    }

    [LibraryImport("onnxruntime", EntryPoint = "OrtGetApiBase")]
    private static partial nint* GetBase();
}
